import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Network, type NetworkConfig, type Tensor } from "../../src/index.js";
import { readFixture } from "./fixture.js";

interface InitialWeights {
  readonly torch: string;
  readonly script: string;
  readonly models: readonly { readonly config: NetworkConfig; readonly sha256: Readonly<Record<string, string>> }[];
}

const { torch, script, models } = readFixture<InitialWeights>("initial-weights");

describe(`${script} (PyTorch ${torch}): initial weights, bit for bit`, () => {
  test.each(models)("$config", async ({ config, sha256 }) => {
    const weights = Object.entries((await Network.create(config)).stateDict());
    const hashes = weights.map(([name, { data }]) => [name, hash(data)]);
    expect(hashes).toEqual(Object.entries(sha256)); // the order of the names is PyTorch's too
  });
});

/** Of the little-endian bytes. */
function hash(data: Tensor["data"]): string {
  const bytes = new DataView(new ArrayBuffer(4 * data.length));
  data.forEach((value, i) => {
    bytes.setFloat32(4 * i, value, true);
  });
  return createHash("sha256").update(bytes).digest("hex");
}
