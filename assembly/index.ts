/*
 * The ABI: what TypeScript may call. Pointers are byte offsets into the one imported memory, sizes and leading
 * dimensions are in floats, indices are 32-bit. Nothing here checks its arguments or allocates.
 */
export { drawSymbols, readSymbols, writeSymbols } from "./decoder";
export { dropout } from "./dropout";
export { addVectors, columnSums, gatherRows, scatterAddRows } from "./elementwise";
export { multiply, multiplyRow, pack, packedSize, packForRow, packTransposed, weightGradient } from "./gemm";
export { gruBackward, gruForward } from "./gru";
export { crossEntropy, softmax } from "./loss";
export { lstmBackward, lstmForward } from "./lstm";
export { adamStep, clipNorm, clipValue, rmspropStep, sgdStep, sumOfSquares } from "./optimizer";
export { rnnBackward, rnnForward } from "./rnn";
