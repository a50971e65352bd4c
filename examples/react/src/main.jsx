import { createRoot } from "react-dom/client";
import { JABBERWOCKY } from "./jabberwocky.js";
import "./style.css";
import { Writer } from "./writer.jsx";

createRoot(document.getElementById("root")).render(<Writer initialText={JABBERWOCKY} />);
