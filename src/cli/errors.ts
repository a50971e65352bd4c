import type { UnknownSymbolError } from "../index.js";

/** A mistake in how the program was called: exit code 2. Everything else that goes wrong is a failure: exit code 1. */
export class UsageError extends Error {}

export const EXIT = { failed: 1, usage: 2 } as const;

/** What the file system's codes mean to a reader. */
const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "access is denied",
  EPERM: "access is denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it would become too large for this disk",
};

export function fileReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return FILE_REASONS[code ?? ""] ?? message;
}

/**
 * The library's error in the words of the command line: an option under its flag, with exit code 2; a symbol that the
 * model does not know with the place where it stands.
 *
 * @param names the library's names, and how the command line calls them
 * @param where a text comes from
 */
export function translateError(error: unknown, names: Readonly<Record<string, string>>, where: string): unknown {
  if (!(error instanceof Error)) return error;
  if ((error as Partial<UnknownSymbolError>).code === "ERR_UNKNOWN_SYMBOL") {
    return new Error(`${where}: ${error.message}`, { cause: error });
  }
  const [, key = "", message] = /^"(\w+)(?:\[\d+\])?": (.*)$/s.exec(error.message) ?? [];
  const name = names[key];
  return name === undefined ? error : new UsageError(`${name}: ${message}`, { cause: error });
}

/** One line, whatever the message has in it: a file's own bytes can stand there. */
export function errorLine(command: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${command}: ${message.replaceAll(/[\p{Cc}\s]+/gu, " ").trim()}`;
}

/** The stacks of an error and of its causes. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`;
}
