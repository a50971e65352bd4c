import { expect } from "vitest";

type ErrorClass = abstract new (...args: never[]) => Error;

/** The error of exactly this class with exactly this message that a call throws, or rejects with. */
export async function expectError<E extends ErrorClass>(
  call: () => unknown,
  Class: E,
  message: string,
): Promise<InstanceType<E>> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) expect.fail(`nothing was thrown instead of: ${message}`);
  expect((thrown as Error).message).toBe(message);
  expect((thrown as Error).constructor).toBe(Class);
  return thrown as InstanceType<E>;
}
