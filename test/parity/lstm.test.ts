import { testPasses, testTraining } from "./cases.js";
import { readFixture } from "./fixture.js";

const fixture = readFixture("parity-lstm");
testPasses(fixture);
testTraining(fixture, ["Adam"]);
