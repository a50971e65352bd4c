import { testTraining } from "./cases.js";
import { readFixture } from "./fixture.js";

for (const file of ["parity-rnn", "parity-gru", "parity-lstm"]) {
  testTraining(readFixture(file), ["AdamW", "RMSprop", "SGD"]);
}
