// Runs a WASI command module under Node and passes on its exit code:
//   node tests/tools/run_wasm.mjs module.wasm [arguments...]
// The module sees no files and no environment.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const [module, ...rest] = process.argv.slice(2);
if (!module) {
  console.error('usage: node run_wasm.mjs module.wasm [arguments...]');
  process.exit(2);
}

// Before Node 20, node:wasi exists only behind a flag.
const flag = '--experimental-wasi-unstable-preview1';
if (Number(process.versions.node.split('.')[0]) < 20 && !process.execArgv.includes(flag)) {
  const child = spawnSync(process.execPath, [flag, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(child.status ?? 70);
}

process.removeAllListeners('warning'); // node:wasi warns that it is experimental
const { WASI } = await import('node:wasi');
const wasi = new WASI({ version: 'preview1', args: [module, ...rest], returnOnExit: true });
const program = await WebAssembly.compile(await readFile(module));
const instance = await WebAssembly.instantiate(program, {
  wasi_snapshot_preview1: wasi.wasiImport,
});
try {
  process.exitCode = wasi.start(instance) ?? 0;
} catch (error) {
  console.error(`${module} trapped: ${error.message}`);
  process.exitCode = 70;
}
