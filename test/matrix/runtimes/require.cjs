import("./lab.js")
  .then(({ lab }) => lab(async () => require("rnn-wasm")))
  .then((report) => console.log(JSON.stringify(report)));
