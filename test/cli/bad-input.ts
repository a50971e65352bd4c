/*
 * Calls of the command line that are wrong or fail, and the line that each says; "#" stands for what no test knows. The
 * files are made in bad-input.test.ts.
 */

/** Characters of two bytes in a long file: a chunk that is read at a time ends in the middle of one. */
export const LONG = 2 ** 20 + 1;

/** Exit code 2. */
export const WRONG: [args: string[], line: string][] = [
  [["foo"], "rnn-wasm: unknown command 'foo'; --help says how it is called"],
  [["help", "foo"], "rnn-wasm help: unknown command 'foo'; --help says which there are"],
  [
    ["train", "--sed", "1"],
    "rnn-wasm train: unknown option '--sed' (Did you mean --seed?); --help says how it is called",
  ],
  [
    ["train", "text.txt", "--seed"],
    "rnn-wasm train: option '--seed <N>' argument missing; --help says how it is called",
  ],
  [["info"], "rnn-wasm info: missing required argument 'MODEL'; --help says how it is called"],
  [
    ["info", "a", "b"],
    "rnn-wasm info: too many arguments for 'info'. Expected 1 argument but got 2; --help says how it is called",
  ],

  [["train", "none.txt"], "rnn-wasm train: none.txt: there is no such file"],
  [["train", "text.txt/x"], "rnn-wasm train: text.txt/x: there is no such folder"],
  [["train", "folder"], "rnn-wasm train: folder: it is a folder"],
  [["train", "empty.txt"], "rnn-wasm train: empty.txt: expected text, got nothing: it is empty"],
  [["train", "text.txt", "empty.txt"], "rnn-wasm train: empty.txt: expected text, got nothing: it is empty"],
  [["train", "mark.txt"], "rnn-wasm train: mark.txt: expected text, got nothing: it is empty"],
  [
    ["train", "-", "--model", "new.safetensors"],
    "rnn-wasm train: standard input: expected text, got nothing: it is empty",
  ],
  [["train", "latin.txt"], "rnn-wasm train: latin.txt: expected UTF-8 text, got the byte 0xE9 at offset 1"],
  [["train", "cut.txt"], "rnn-wasm train: cut.txt: expected UTF-8 text, got the byte 0xC3 at offset 2"],
  [["train", "surrogate.txt"], "rnn-wasm train: surrogate.txt: expected UTF-8 text, got the byte 0xED at offset 1"],
  [["train", "utf16.txt"], "rnn-wasm train: utf16.txt: expected UTF-8 text, got the byte 0xFF at offset 0"],
  [["train", "long.txt"], `rnn-wasm train: long.txt: expected UTF-8 text, got the byte 0x80 at offset ${1 + 2 * LONG}`],
  [
    ["train", "binary.txt"],
    "rnn-wasm train: binary.txt: expected UTF-8 text, got a binary file, with the byte 0x00 at offset 2",
  ],
  [
    ["train", "one.txt"],
    "rnn-wasm train: one.txt: expected at least 2 symbols for one window of sequenceLength 1, got 1",
  ],
  [
    ["train", "text.txt", "--sequence", "500"],
    "rnn-wasm train: text.txt: expected at least 501 symbols for one window of sequenceLength 500, got 135",
  ],

  [["train", "text.txt", "--cell", "x"], 'rnn-wasm train: --cell: expected "rnn", "gru" or "lstm", got "x"'],
  [
    ["train", "text.txt", "--hidden", "1.5"],
    'rnn-wasm train: --hidden: expected a whole number from 1 to 1048576, got "1.5"',
  ],
  [["train", "text.txt", "--layers", "0"], 'rnn-wasm train: --layers: expected a whole number from 1 to 1024, got "0"'],
  [["train", "text.txt", "--dropout", "1"], 'rnn-wasm train: --dropout: expected a number ≥ 0 and < 1, got "1"'],
  [
    ["train", "text.txt", "--seed", "-1"],
    'rnn-wasm train: --seed: expected a whole number from 0 to 4294967295, got "-1"',
  ],
  [
    ["train", "text.txt", "--unit", "word"],
    'rnn-wasm train: --unit: expected "codePoint", "grapheme" or "byte", got "word"',
  ],
  [
    ["train", "text.txt", "--epochs", "0"],
    'rnn-wasm train: --epochs: expected a whole number from 1 to 1000000000, got "0"',
  ],
  [
    ["train", "text.txt", "--batch", "half"],
    'rnn-wasm train: --batch: expected a whole number from 1 to 1073741824 or "full", got "half"',
  ],
  [
    ["train", "text.txt", "--learning-rate", "1e999"],
    'rnn-wasm train: --learning-rate: expected a number > 0, got "1e999"',
  ],
  [["train", "text.txt", "--validation", "0"], 'rnn-wasm train: --validation: expected a number > 0 and < 1, got "0"'],
  [
    ["train", "text.txt", "--validation", "0.01"],
    "rnn-wasm train: --validation: expected at least 11 symbols to be held out, got 2",
  ],
  [
    ["train", "text.txt", "--threads", "65"],
    'rnn-wasm train: --threads: expected a whole number from 1 to 64 or "auto", got "65"',
  ],
  [["train", "text.txt", "--numerics", "x"], 'rnn-wasm train: --numerics: expected "fast" or "reproducible", got "x"'],
  [["train", "text.txt", "--sample-every", ""], 'rnn-wasm train: --sample-every: expected a number ≥ 0, got ""'],
  [
    ["train", "text.txt", "--hidden", "1000000"],
    "rnn-wasm train: a network with inputSize 28, hiddenSize 1000000, numLayers 2, outputSize 28 needs #; WebAssembly has 4 GiB at most",
  ],

  [["train", "text.txt", "--model", "folder"], "rnn-wasm train: --model: expected a file, and folder is none"],
  [["train", "text.txt", "--model", "no/model"], "rnn-wasm train: --model: there is no folder #/no"],
  [
    ["train", "text.txt", "--model", "model.safetensors"],
    "rnn-wasm train: model.safetensors: there is a model already; --resume goes on with it, --overwrite replaces it",
  ],
  [["train", "text.txt", "--resume"], "rnn-wasm train: text.safetensors: there is no such file to resume"],
  [
    ["train", "text.txt", "--model", "model.safetensors", "--resume", "--learning-rate", "1"],
    "rnn-wasm train: --learning-rate: a resumed run has its own, and takes none",
  ],
  [
    ["train", "text.txt", "--model", "model.safetensors", "--resume", "--epochs", "1"],
    "rnn-wasm train: --epochs: expected at least 2, which the run has done, got 1",
  ],
  [
    ["train", "text.txt", "text.txt", "--model", "model.safetensors", "--resume"],
    "rnn-wasm train: text.txt and 1 more: expected the 135 symbols that the interrupted run was on, got 270 others",
  ],

  [["sample", "none"], "rnn-wasm sample: none: there is no such file"],
  [["sample", "folder"], "rnn-wasm sample: folder: it is a folder"],
  [
    ["sample", "model.safetensors", "--length", "1e3"],
    'rnn-wasm sample: --length: expected a whole number from 0 to 9007199254740991, got "1e3"',
  ],
  [
    ["sample", "model.safetensors", "--temperature", "-1"],
    'rnn-wasm sample: --temperature: expected a number ≥ 0, got "-1"',
  ],
  [
    ["sample", "model.safetensors", "--temperature", "NaN"],
    'rnn-wasm sample: --temperature: expected a number ≥ 0, got "NaN"',
  ],
  [["sample", "model.safetensors", "--top-k", "0"], 'rnn-wasm sample: --top-k: expected a whole number ≥ 1, got "0"'],
  [["sample", "model.safetensors", "--top-p", "0"], 'rnn-wasm sample: --top-p: expected a number > 0 and ≤ 1, got "0"'],
  [["sample", "model.safetensors", "--top-p", "2"], 'rnn-wasm sample: --top-p: expected a number > 0 and ≤ 1, got "2"'],
  [
    ["sample", "model.safetensors", "--min-p", "1.1"],
    'rnn-wasm sample: --min-p: expected a number from 0 to 1, got "1.1"',
  ],
  [
    ["sample", "model.safetensors", "--repetition-penalty", "0"],
    'rnn-wasm sample: --repetition-penalty: expected a number > 0, got "0"',
  ],
  [
    ["sample", "model.safetensors", "--stop", "a", "--stop", ""],
    'rnn-wasm sample: --stop: expected a text of at least one character, got ""',
  ],
  [["sample", "model.safetensors", "--count", "0"], 'rnn-wasm sample: --count: expected a whole number ≥ 1, got "0"'],
  [["score", "model.safetensors", "one.txt"], "rnn-wasm score: one.txt: expected at least 2 symbols, got 1"],
  [
    ["score", "model.safetensors", "latin.txt"],
    "rnn-wasm score: latin.txt: expected UTF-8 text, got the byte 0xE9 at offset 1",
  ],
  [["lab", "--seed", "x"], 'rnn-wasm lab: --seed: expected a whole number from 0 to 4294967295, got "x"'],
  [["lab", "--text", "none.txt"], "rnn-wasm lab: --text none.txt: there is no such file"],
  [["lab", "--text", "one.txt"], "rnn-wasm lab: --text one.txt: expected at least 11 characters, got 1"],
];

const NO_MODEL = "this is no model file that can be read";
/** Exit code 1. */
export const FAILED: [args: string[], line: string][] = [
  [["sample", "empty.txt"], `rnn-wasm sample: empty.txt: ${NO_MODEL}: 0 bytes are too few for a safetensors file`],
  [
    ["info", "text.txt"],
    `rnn-wasm info: text.txt: ${NO_MODEL}: the header has # bytes, the file only 127 after the header's length`,
  ],
  [["info", "half.safetensors"], `rnn-wasm info: half.safetensors: ${NO_MODEL}: tensor # ends at byte # of #`],
  [
    ["score", "newer.safetensors", "text.txt"],
    "rnn-wasm score: newer.safetensors: the model file is of version 2, and this library reads 1",
  ],
  [
    ["info", "foreign.safetensors"],
    'rnn-wasm info: foreign.safetensors: this safetensors file has no "format": "rnn-wasm" in its metadata; its tensors can be given to Network.loadStateDict',
  ],
  [
    ["train", "text.txt", "--resume", "--model", "half.safetensors"],
    `rnn-wasm train: half.safetensors: ${NO_MODEL}: tensor # ends at byte # of #`,
  ],
  [
    ["train", "text.txt", "--resume", "--model", "untrained.safetensors"],
    "rnn-wasm train: there is no training state: this model was never trained, nor saved with one",
  ],
  [
    ["sample", "model.safetensors", "--prime", "caf\u00e9"],
    'rnn-wasm sample: --prime: "\u00e9" at offset 3 is not in the vocabulary',
  ],
  [["score", "model.safetensors"], 'rnn-wasm score: standard input: "!" at offset 0 is not in the vocabulary'],
];
