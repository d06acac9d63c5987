/**
 * Loads the WebAssembly module. Wait for it before the first use of a class or function. It is loaded once; later calls
 * share the result of the first. After a failure the next call tries again.
 *
 * Without an argument it loads the file of the package, in Node from the disk, otherwise by `fetch` from a URL beside
 * this JavaScript file. Pass a source if the file is in another place, or was loaded already.
 *
 * The promise is rejected if the module cannot be loaded, and in a Node that has no `WebSocket`.
 */
export function init(source?: ModuleSource | PromiseLike<ModuleSource>): Promise<void>;

/**
 * What `init()` loads the module from: a URL as a string or a `URL`, a `Request`, a `Response`, the bytes, or a
 * `WebAssembly.Module`. The first three of these classes are types only where a program has their declarations, such as
 * TypeScript's library `dom` or those of Node.
 */
export type ModuleSource =
    | string
    | Instance<"URL">
    | Instance<"Request">
    | Instance<"Response">
    | ArrayBuffer
    | ArrayBufferView
    | CompiledModule;

/** An instance of a global class, or `never` if it is not declared. */
export type Instance<Name extends string> = typeof globalThis extends Record<Name, { prototype: infer T }> ? T : never;

/**
 * A `WebAssembly.Module`, which has no members. With the optional one below, TypeScript rejects every other object: one that
 * resembles a `Response` has it, and all others have no member in common.
 */
export interface CompiledModule {
    readonly arrayBuffer?: never;
}
