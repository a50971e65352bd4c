import { check, integer } from "../validate.js";
import { checkTensor, coordinatesOf, formatShape, type Tensor } from "./tensor.js";

/**
 * Class indices as vectors: 1 at the class, 0 elsewhere. A network takes indices as they are, without this, and gives
 * the same numbers.
 *
 * @param indices any shape, each from 0 to numClasses − 1
 * @param numClasses an integer ≥ 1
 * @returns (...indices.shape, numClasses)
 * @throws TypeError for a wrong type, RangeError for a wrong value: it names the first bad index and where it stands
 * @example
 * oneHot(tensor(Int32Array.of(2, 0), [2]), 3); // data 0 0 1 1 0 0, shape (2, 3)
 */
export function oneHot(indices: Tensor<Int32Array>, numClasses: number): Tensor {
  const { data, shape } = checkTensor("indices", indices, "Int32Array");
  check("numClasses", numClasses, integer({ min: 1 }));
  const vectors = new Float32Array(data.length * numClasses);
  for (let position = 0; position < data.length; position++) {
    const index = data[position] as number;
    if (index < 0 || index >= numClasses) {
      const where = formatShape(coordinatesOf(position, shape));
      throw new RangeError(`"indices": expected integers from 0 to ${numClasses - 1}, got ${index} at ${where}`);
    }
    vectors[position * numClasses + index] = 1;
  }
  return { data: vectors, shape: [...shape, numClasses] };
}
