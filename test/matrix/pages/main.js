import { lab } from "./lab.js";
import { report } from "./page.js";

const library = new URLSearchParams(location.search).get("library");
report(() => lab(() => import(library)));
