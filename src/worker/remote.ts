import type { Link } from "./link.js";

/** Lets the worker forget what nobody on this side knows any more. */
const dropped = new FinalizationRegistry<() => void>((free) => free());

/** A model or a session of the worker, as this side knows it. */
export class Remote {
  readonly link: Link;
  readonly target: number;

  constructor(link: Link, target: number) {
    this.link = link;
    this.target = target;
    const { ends } = link;
    dropped.register(this, () => ends.free(target));
  }

  /** Another one of the same worker. */
  other(target: number): Remote {
    return new Remote(this.link, target);
  }

  /** Calls a method of it, or reads a property. */
  call<T>(path: string, ...args: readonly unknown[]): Promise<T> {
    return this.link.call(this.target, path, args);
  }
}
