import("./lab.js")
  .then(({ lab }) =>
    lab(
      async () => require("rnn-wasm"),
      async () => require("rnn-wasm/worker"),
    ),
  )
  .then((report) => console.log(JSON.stringify(report)));
