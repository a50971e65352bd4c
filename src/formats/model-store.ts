import { anyText, byteArray, check } from "../validate.js";

const OBJECTS = "models";

/**
 * Model files in the browser's IndexedDB: they outlive the page. Each put is one transaction, so a model is stored as a
 * whole or not at all.
 *
 * @example
 * const store = await ModelStore.open();
 * await store.put("poems", model.save({ training: true }));
 * const bytes = await store.get("poems");
 * const again = bytes && (await CharRNN.load(bytes));
 */
export class ModelStore {
  readonly #database: IDBDatabase;

  /**
   * @param name of the database. Default "rnn-wasm".
   * @throws Error where the engine has no IndexedDB, or refuses it
   */
  static async open(name = "rnn-wasm"): Promise<ModelStore> {
    check("name", name, anyText());
    if (typeof indexedDB === "undefined") throw new Error("this engine has no IndexedDB to keep models in");
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(OBJECTS);
    return new ModelStore(await resultOf(request));
  }

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Another page may want to delete or upgrade the database.
    database.onversionchange = () => database.close();
  }

  /** Stores a model's bytes under a name, in place of what was there. @throws what IndexedDB throws, when it is full too */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    check("name", name, anyText());
    check("bytes", bytes, byteArray());
    const transaction = this.#database.transaction(OBJECTS, "readwrite");
    transaction.objectStore(OBJECTS).put(bytes, name);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** The bytes under a name, undefined where there are none. */
  async get(name: string): Promise<Uint8Array | undefined> {
    return resultOf<Uint8Array | undefined>(this.#objects("readonly").get(check("name", name, anyText())));
  }

  /** All names, sorted. */
  async names(): Promise<string[]> {
    return (await resultOf(this.#objects("readonly").getAllKeys())).map(String).sort();
  }

  /** Does nothing where there is no such name. */
  async delete(name: string): Promise<void> {
    await resultOf(this.#objects("readwrite").delete(check("name", name, anyText())));
  }

  /** Lets go of the database; the store cannot be used any more. */
  close(): void {
    this.#database.close();
  }

  #objects(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(OBJECTS, mode).objectStore(OBJECTS);
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
