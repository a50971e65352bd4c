import Lab from "./lab-view.js";

export default function Home() {
  return (
    <main>
      <h1>The lab</h1>
      <Lab />
    </main>
  );
}
