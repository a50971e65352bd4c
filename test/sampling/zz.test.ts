import { expect, test } from "vitest";
import * as library from "../../src/index.js";
import { textOf, WRITINGS } from "./text-of.js";
test("t", async () => { const f = new Function(`return (${textOf})`)(); for (const w of WRITINGS) { const t = await f(library, JSON.parse(JSON.stringify(w))); expect(t).toEqual(await textOf(library, w)); console.log(JSON.stringify(t[0].slice(0,60)), t[4]); } });
