/*
 * What the build changes in sources on their way into dist/, as plugins of esbuild.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

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

/**
 * Puts the cores' text behind all code instead of between two halves of it, where gzip, which looks back 32 KB, does not see
 * the first half from the second one: 1.1 KB less.
 */
export const coresLast = {
  name: "cores last",
  setup(build) {
    const [text] = /".*"/.exec(readFileSync("src/core/generated/cores.ts", "utf8"));
    build.initialOptions.footer = { js: `const rnnWasmCores = ${text};` };
    build.onLoad({ filter: /\/core\/generated\/cores\.ts$/ }, () => ({
      contents: "export const cores = () => rnnWasmCores;",
    }));
  },
};

/** Leaves the import of the built library as it is, so that both have the same classes. */
export function libraryIsExternal(path) {
  return {
    name: "the built library is imported",
    setup: (build) => build.onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path, external: true })),
  };
}

/**
 * Private names become ordinary ones, and these short ones. A bundler with a target before ES2022 makes private names and
 * fields of classes by functions of its own, outside of the class.
 */
export const withoutPrivateNames = {
  name: "without private names",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/#(?=[a-z])/g, "_"),
      loader: "ts",
    }));
  },
};

/**
 * What a crew's workers run is all in the library already, for member 0. So dist/ has these sources in one function that
 * needs nothing outside of itself: the library calls it, and a worker is started from its text. A copy of them as a text
 * would be 2.5 KB more, gzipped.
 *
 * A bundler may rename and lower what is in the function, but not make it call something outside: then there is one thread,
 * and a notice. esbuild's keepNames does that, of whose __name the worker has one that does nothing; with keepNames and
 * minify together the name is another one, and createWorker with the package's crew-worker.js is what remains.
 */
export function crewOnce(kit) {
  const contents = `
    ${kit.definition}
    export const crewWorkerSource = "var __name=v=>v;(" + crewKit + ")()[${kit.names.indexOf("joinCrew")}]()";
    export const [${kit.names.join(", ")}] = crewKit();`;
  return {
    name: "crew once",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
        const source = relative(process.cwd(), join(resolveDir, path)).replace(/\.js$/, ".ts");
        return kit.sources.has(source) ? { path: "crew kit", namespace: "crew", sideEffects: false } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "crew" }, () => ({ contents }));
    },
  };
}
