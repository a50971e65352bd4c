#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { EXIT, errorLine, stackOf, UsageError } from "./errors.js";
import { choiceFlag, numberFlag, numberOrFlag, SEED } from "./flags.js";
import { info } from "./info.js";
import { runLab } from "./lab.js";
import { watchOutput } from "./output.js";
import { sample } from "./sample.js";
import { score } from "./score.js";
import { train } from "./train.js";

/** The package's version; the build puts it in. */
declare const VERSION: string;

const whole = (min: number, max?: number) => ({ whole: true, min, ...(max !== undefined && { max }) });

const program = new Command("rnn-wasm")
  .description("Trains character-level recurrent networks, and lets them write.")
  .version(VERSION, "--version", "print the version")
  .option("--debug", "when something fails, show where")
  .helpOption("-h, --help", "print this")
  .helpCommand(false)
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: () => {} })
  .exitOverride()
  .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 called in a wrong way, 130 interrupted by Ctrl-C.");

program
  .command("train")
  .description("Learns a text: its files one after another, or standard input.")
  .argument("[FILE...]", 'UTF-8 texts; "-" is standard input')
  .option("--model <OUT>", "where the model goes (default: the text's name with .safetensors, in this folder)")
  .option("--resume", "go on where the model's training was interrupted")
  .option("--overwrite", "replace a model that is there")
  .addOption(choiceFlag("--cell <CELL>", "rnn, gru or lstm (default: lstm)", ["rnn", "gru", "lstm"]))
  .addOption(numberFlag("--hidden <N>", "units of a layer (default: 128)", whole(1, 2 ** 20)))
  .addOption(numberFlag("--layers <N>", "layers (default: 2)", whole(1, 1024)))
  .addOption(numberFlag("--dropout <P>", "share of units that a step leaves out (default: 0)", { min: 0, below: 1 }))
  .addOption(numberFlag("--seed <N>", "of the initial weights (default: 0)", SEED))
  .addOption(
    choiceFlag("--unit <UNIT>", "what a symbol is: codePoint, grapheme or byte (default: codePoint)", [
      "codePoint",
      "grapheme",
      "byte",
    ]),
  )
  .addOption(numberFlag("--epochs <N>", "times that it goes through the text", whole(1, 1e9)))
  .addOption(numberOrFlag("--batch <N>", 'sequences of a step, or "full" for all', whole(1, 2 ** 30), "full"))
  .addOption(numberFlag("--sequence <N>", "symbols that a step looks back", whole(1, 2 ** 30)))
  .addOption(numberFlag("--learning-rate <X>", "a constant one", { above: 0 }))
  .addOption(numberFlag("--validation <P>", "share of the text that is held out", { above: 0, below: 1 }))
  .addOption(
    numberOrFlag(
      "--threads <N>",
      'or "auto" for as many as help; the result is the same (default: auto)',
      whole(1, 64),
      "auto",
    ),
  )
  .addOption(
    choiceFlag("--numerics <KIND>", "fast, or reproducible: the same bits everywhere (default: fast)", [
      "fast",
      "reproducible",
    ]),
  )
  .addOption(
    numberFlag("--sample-every <S>", "seconds between two samples, 0 for none (default: 10 on a terminal)", { min: 0 }),
  )
  .option("--json", "a line of JSON per epoch instead of anything else")
  .addHelpText(
    "after",
    `
Epochs, batch, sequence, learning rate and validation are chosen from the text's
length where they are not given. The model is saved after every epoch and every
minute; its loss curve is drawn beside it at the end. Ctrl-C ends the step,
saves, and says how to go on.

  rnn-wasm train poems.txt
  rnn-wasm train poems.txt --resume
  cat *.txt | rnn-wasm train --model all.safetensors --cell gru --hidden 256`,
  )
  .action(train);

program
  .command("sample")
  .description("Writes a text as the model has learned it.")
  .argument("<MODEL>", "a file that train has written")
  .addOption(numberFlag("--length <N>", "symbols at most", whole(0, Number.MAX_SAFE_INTEGER)).default(500))
  .option("--prime <TEXT>", "what the text goes on from; it is not printed")
  .addOption(numberFlag("--temperature <X>", "below 1 likelier, 0 the likeliest symbol (default: 1)", { min: 0 }))
  .addOption(numberFlag("--top-k <N>", "only the N likeliest symbols", whole(1)))
  .addOption(numberFlag("--top-p <P>", "only the likeliest symbols that make up P together", { above: 0, max: 1 }))
  .addOption(numberFlag("--min-p <P>", "only symbols at least P times as likely as the likeliest", { min: 0, max: 1 }))
  .addOption(numberFlag("--repetition-penalty <X>", "above 1 the last 64 symbols become less likely", { above: 0 }))
  .addOption(
    new Option("--stop <TEXT>", "end before this text; can be given more than once").argParser(
      (stop, stops: readonly string[] = []) => [...stops, nonEmpty("--stop", stop)],
    ),
  )
  .addOption(numberFlag("--seed <N>", "the same seed writes the same text", SEED).default(0))
  .addOption(numberFlag("--count <N>", "texts, with seeds that follow one another", whole(1)).default(1))
  .addHelpText(
    "after",
    `
  rnn-wasm sample poems.safetensors --prime "The " --temperature 0.8
  rnn-wasm sample poems.safetensors --length 1000000 --stop $'\\n\\n' | head`,
  )
  .action(sample);

program
  .command("score")
  .description("Says how well the model foresees a text.")
  .argument("<MODEL>", "a file that train has written")
  .argument("[FILE]", 'a UTF-8 text; "-" or none is standard input')
  .option("--symbols", "a line per symbol: offset, symbol, bits, probability, what was expected")
  .option("--json", "JSON, one object a line")
  .action(score);

program
  .command("info")
  .description("Says what is in a model file.")
  .argument("<MODEL>", "a file that train has written")
  .option("--json", "JSON")
  .action(info);

program
  .command("lab")
  .description("Learns one long sentence, character by character, and says it again: npm start.")
  .addOption(numberFlag("--seed <N>", "of the initial weights", SEED).default(0))
  .addOption(numberFlag("--epochs <N>", "times that it goes through the text", whole(1, 1e9)).default(100))
  .addOption(
    numberFlag("--hidden <N>", "units of a layer (default: as many as different characters)", whole(1, 2 ** 20)),
  )
  .addOption(numberFlag("--layers <N>", "layers", whole(1, 1024)).default(2))
  .option("--text <FILE>", "a UTF-8 text instead of the sentence")
  .action(runLab);

program
  .command("help")
  .description("Prints how a command is called.")
  .argument("[COMMAND]")
  .action((name?: string) => {
    const command = name === undefined ? program : program.commands.find((each) => each.name() === name);
    // Commander's own help command would print the whole help as an error.
    if (!command) throw new UsageError(`unknown command '${name}'; --help says which there are`);
    command.help();
  });

function nonEmpty(flag: string, value: string): string {
  if (value !== "") return value;
  throw new UsageError(`${flag}: expected a text of at least one character, got ""`);
}

watchOutput();
const args = process.argv.slice(2);
try {
  await program.parseAsync(args, { from: "user" });
} catch (error) {
  report(error);
}

function report(error: unknown): void {
  // Help and version have said what they had to say.
  if (error instanceof CommanderError && !error.message.startsWith("error: ")) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
    return;
  }
  const isUsage = error instanceof UsageError || error instanceof CommanderError;
  process.exitCode = isUsage ? EXIT.usage : EXIT.failed;
  const command = args.find((arg) => program.commands.some((each) => each.name() === arg));
  const name = command === undefined ? "rnn-wasm" : `rnn-wasm ${command}`;
  const known =
    error instanceof CommanderError
      ? new UsageError(`${error.message.slice("error: ".length).replace(/\.$/, "")}; --help says how it is called`, {
          cause: error,
        })
      : error;
  process.stderr.write(`${errorLine(name, known)}\n`);
  if (args.includes("--debug")) process.stderr.write(`${stackOf(known)}\n`);
}
