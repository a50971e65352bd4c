import { testPasses, testTraining } from "./cases.js";
import { readFixture } from "./fixture.js";

const fixture = readFixture("parity-gru");
testPasses(fixture);
testTraining(fixture, ["Adam"]);
