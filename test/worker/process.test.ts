import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/*
 * The built worker entry as a program sees it: it waits for what it has asked for, and for nothing else.
 */

function run(program: string): string {
  return execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "--eval", program], {
    encoding: "utf8",
    timeout: 30_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const create = `
  import { CharRNN } from "./dist/worker.js";
  const text = "the quick brown fox jumps over the lazy dog";
  const model = await CharRNN.create({ vocabulary: text, cell: "rnn", hiddenSize: 8 });
`;

test("a program waits for its worker's answers, and ends when it is idle", () => {
  expect(run(`${create} console.log((await model.fit(text, { epochs: 50 })).stopped)`)).toBe("finished\n");
});

test("with a session and a loop that was left, too", () => {
  expect(
    run(`${create}
      const session = await model.session();
      for await (const _ of model.train(text)) break;
      for await (const _ of model.stream({ length: Infinity })) break;
      console.log(await session.draw().then((symbol) => symbol.length))`),
  ).toBe("1\n");
});

test("the worker ends when nobody knows the model any more, but not while it is at work", () => {
  const program = `
    import threads from "node:worker_threads";
    import { CharRNN } from "./dist/worker.js";
    let ended = 0;
    const createWorker = (source) => new threads.Worker(source, { eval: true }).once("exit", () => ended++);
    const text = "the quick brown fox jumps over the lazy dog";
    const train = async () => {
      const model = await CharRNN.create({ vocabulary: text, cell: "rnn", hiddenSize: 8, createWorker });
      return model.fit(text, { epochs: 300 });
    };
    const collect = async (times) => {
      for (let i = 0; i < times; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const [{ stopped }] = await Promise.all([train(), collect(20)]);
    for (let i = 0; i < 100 && ended === 0; i++) await collect(1);
    console.log(stopped, ended);
  `;
  expect(run(program)).toBe("finished 1\n");
});

test("the worker forgets models and sessions that nobody knows any more, while another one is in use", () => {
  const program = `
    import threads from "node:worker_threads";
    import { CharRNN } from "./dist/worker.js";
    let forgotten = 0;
    const createWorker = (source) => {
      const worker = new threads.Worker(source, { eval: true });
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (message, transfer) => {
        if (message.path?.[0] === "free") forgotten++;
        post(message, transfer);
      };
      return worker;
    };
    const model = await CharRNN.create({ vocabulary: "abc", cell: "rnn", hiddenSize: 8, createWorker });
    const late = model.extend("abcd").then((extended) => extended.stream({ length: 5 }));
    for (let i = 0; i < 10; i++) await (await model.extend("abcd")).session();
    const stream = await late;
    for (let i = 0; i < 200 && forgotten < 20; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    let text = "";
    for await (const piece of stream) text += piece;
    console.log(forgotten, text.length, (await model.generate({ length: 3 })).length);
  `;
  expect(run(program)).toBe("20 5 3\n");
});
