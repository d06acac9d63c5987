// Runs the programs of the README in a page, and shows what they print.

const output = document.querySelector("pre");
console.log = (...words: unknown[]) => output?.append(`${words.join(" ")}\n`);
await import("./bot.js");
await import("./client.js");
export {};
