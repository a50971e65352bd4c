/*
 * What the build changes in sources on their way into dist/, as plugins of esbuild.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The AssemblyScript loader without what the core has no use for: it exports functions of numbers alone, and so needs
 * neither the classes, strings and arrays that the loader can make of exports, nor the imports that it offers. Together
 * they are more than all the rest of src/core/.
 */
export const leanLoader = {
  name: "lean loader",
  setup(build) {
    build.onLoad({ filter: /@assemblyscript\/loader\/index\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      const replace = (from, to) => {
        if (contents.split(from).length !== 2) throw new Error(`the loader is not as expected: ${from}`);
        contents = contents.replace(from, to);
      };
      const start = contents.indexOf("export function instantiateSync");
      const end = contents.indexOf("/** Asynchronously instantiates an AssemblyScript module from a response");
      contents = contents.slice(start, end);
      replace("isModule(source)", "source instanceof WebAssembly.Module");
      replace("  const extended = preInstantiate(imports);\n", "");
      replace("  const exports = postInstantiate(extended, instance);\n", "");
      replace("{ module, instance, exports }", "{ module, instance }");
      return { contents };
    });
  },
};

/** Puts one of src/core/sources/ in the place of the inlined cores. */
export function coresFrom(source) {
  return {
    name: `cores: ${source}`,
    setup(build) {
      build.onResolve({ filter: /\/sources\/inlined\.js$/ }, ({ resolveDir }) => ({
        path: join(resolveDir, "sources", `${source}.ts`),
        sideEffects: false,
      }));
      build.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** Leaves the import of the built library as it is, so that both have the same classes. */
export function libraryIsExternal(path) {
  return {
    name: "the built library is imported",
    setup: (build) => build.onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path, external: true })),
  };
}
