import { joinCrew } from "./crew-member.js";

/*
 * One thread of a crew. It is built into a text that a worker is started from: it cannot import anything at run time.
 */
joinCrew();
