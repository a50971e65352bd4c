/*
 * The library without its cores, for those who serve the two .wasm files themselves: call `useCores` before the first
 * model is made.
 */
export { type CoreInput, type Cores, useCores } from "./core/sources/given.js";
export * from "./index.js";
