interface NodeModules {
  readonly "node:os": typeof import("node:os");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

/** A module of Node's own, or undefined where there is none. An import would keep bundlers from building for a browser. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  return process?.getBuiltinModule?.(name);
}
