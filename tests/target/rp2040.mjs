// An RP2040 with NOR flash on rp2040js, whose power can be cut anywhere.
//
//   node rp2040.mjs [options] FLASH        runs what is in the file FLASH, writes back what is left
//     --until TEXT          ends where the serial line has said so
//     --instructions N      ends there at the latest
//     --cut-instruction N   cuts the power before the Nth instruction
//     --cut-operation K     cuts it in the Kth erase or program: --cut-bytes N of it are done, or
//                           --cut-torn SEED: each bit that was to change has, or not
//     --serial PATH         waits for somebody at a Unix socket there, who is the serial line; ends
//                           when they hang up
//
// It ends with a line of JSON: why (marker, cut, reset, hung up, limit, or broken), text, counts. `broken` is
// what no program may do on this chip: see `#check`. The status is 1 then.
//
// rp2040js has neither a boot ROM nor a flash that can be written. Here is as much of a ROM as a
// flash policy calls, made of breakpoints, with the table that the datasheet describes (2.8.3).

import { createRequire } from 'node:module';
import fs from 'node:fs';
import net from 'node:net';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../build/target/', import.meta.url));
const { RP2040, LogLevel, ConsoleLogger } = require('rp2040js');

const XIP = 0x10000000;
const BOOT2 = 0x20041f00; // where the ROM copies it to: 2.8.1.2
const SSI = 0x18000000;
const AIRCR = 0xe000ed0c;
const FUNCTIONS = ['IF', 'EX', 'RE', 'RP', 'FC', 'CX'];
const SECTOR = 4096;
const PAGE = 256;

function bootRom() {
  const rom = new DataView(new ArrayBuffer(16384));
  const put = (at, ...halfwords) => halfwords.forEach((h, i) => rom.setUint16(at + 2 * i, h, true));
  const table = 0x40, look_up = 0xa0, functions = 0xc0;
  put(0x10, 0x754d, 0x0201, table, 0, look_up | 1); // 'M', 'u', 1, version
  FUNCTIONS.forEach((name, i) => {
    const at = functions + 4 * i;
    put(table + 4 * i, name.charCodeAt(0) | (name.charCodeAt(1) << 8), at | 1);
    put(at, 0xbe80 + i, 0x4770); // bkpt 0x80+i; bx lr
  });
  put(look_up,
    0x8802,          // next: ldrh r2, [r0]
    0x2a00, 0xd005,  //       cmp r2, #0; beq none
    0x428a, 0xd001,  //       cmp r2, r1; beq found
    0x3004, 0xe7f8,  //       adds r0, #4; b next
    0x8840, 0x4770,  // found: ldrh r0, [r0, #2]; bx lr
    0x2000, 0x4770); // none: movs r0, #0; bx lr
  return new Uint32Array(rom.buffer);
}

// The sum at the end of boot2: CRC-32, the highest bit first, not inverted (2.8.1.3.1).
function boot2Sum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; ++bit) sum = (sum << 1) ^ (sum < 0 ? 0x04c11db7 : 0);
    sum |= 0;
  }
  return sum >>> 0;
}

// A small generator of random bits (xorshift, Marsaglia 2003).
function randomBytes(seed) {
  let state = seed * 2654435761 + 1 | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
}

export class Board {
  text = '';
  instructions = 0;
  operations = 0;
  why = null;
  broken = null;
  received = []; // bytes that the serial line brings

  // `cut`: {instruction}, {operation, bytes}, {operation, torn}
  constructor(flash, cut = {}) {
    this.cut = cut;
    const chip = this.chip = new RP2040();
    chip.logger = new ConsoleLogger(LogLevel.Error, false);
    chip.loadBootrom(bootRom()); // this empties the flash
    chip.flash.set(flash);
    chip.uart[0].onByte = (byte) => { this.text += String.fromCharCode(byte); this.onText?.(byte); };
    chip.onBreak = (code) => this.#callRom(FUNCTIONS[code - 0x80]);
    const watchdog = chip.peripherals[0x40058];
    watchdog.onWatchdogTrigger = () => {
      watchdog.alarm.enable = false; // else rp2040js calls this for ever
      this.why ??= 'reset';
    };
    this.#watchMemory();
    this.#startRom();
  }

  get flash() { return this.chip.flash; }

  run({ until = null, instructions = 100e6 } = {}) {
    const { core, clock } = this.chip, end = Math.min(instructions, this.cut.instruction ?? Infinity);
    while (this.why === null && this.instructions < end) {
      // 12 MHz; where an interrupt is waited for, on to what may bring one.
      clock.tick(core.waiting ? clock.nanosToNextAlarm : core.executeInstruction() * 83);
      if ((++this.instructions & 1023) !== 0) continue;
      if (until !== null && this.text.includes(until)) this.why = 'marker';
      this.#feed();
    }
    if (this.instructions === this.cut.instruction) this.why ??= 'cut';
    return this.why;
  }

  // The ROM starts what boot2 makes readable, if its sum is right; else the chip waits for USB.
  #startRom() {
    const boot2 = this.flash.subarray(0, 256), { core, sram } = this.chip;
    const sum = new DataView(boot2.buffer, boot2.byteOffset).getUint32(252, true);
    this.#check(sum === boot2Sum(boot2.subarray(0, 252)), 'boot2 has a wrong sum');
    sram.set(boot2, BOOT2 - 0x20000000);
    core.PC = BOOT2;
    core.SP = BOOT2;
    core.LR = 0;
    this.readable = false;
  }

  #check(right, sentence) {
    if (right || this.why !== null) return;
    this.broken = `${sentence} (pc ${this.chip.core.PC.toString(16)})`;
    this.why = 'broken';
  }

  // Flash is there to be read, and only while the SSI is set up for that; rp2040js would let it be
  // written and read always.
  #watchMemory() {
    const chip = this.chip, inFlash = (address) => (address >>> 0) >= XIP && (address >>> 0) < SSI - 0x4000000;
    for (const name of ['readUint8', 'readUint16', 'readUint32']) {
      const read = chip[name].bind(chip);
      chip[name] = (address) => {
        if (!this.readable && inFlash(address)) this.#check(false, 'flash is read or run from while it cannot be read');
        return read(address);
      };
    }
    for (const name of ['writeUint8', 'writeUint16', 'writeUint32']) {
      const write = chip[name].bind(chip);
      chip[name] = (address, value) => {
        if (inFlash(address)) return this.#check(false, 'a store into flash');
        if ((address >>> 0) === AIRCR && (value & 4) !== 0) this.why ??= 'reset';
        write(address, value);
        if ((address >>> 0) === SSI + 8) this.#enableSsi(value);
      };
    }
  }

  // Plain reads: 32 clocks of data, receive after an instruction (03h) of 8 bits and an address of 24.
  #enableSsi(value) {
    const ssi = this.chip.peripherals[0x18000];
    this.readable = value === 1;
    if (this.readable)
      this.#check(ssi.crtlr0 === (31 << 16 | 3 << 8) && ssi.spictlr0 === (0x03 << 24 | 2 << 8 | 6 << 2) && ssi.crtlr1 === 0 &&
        ssi.baudr >= 2 && ssi.baudr % 2 === 0, 'the SSI is enabled with settings that read nothing');
  }

  #callRom(name) {
    const { core } = this.chip, [r0, r1, r2, r3] = core.registers;
    core.breakRewind = 0;
    this.#check(name !== undefined, 'a breakpoint, which is a fault here');
    this.#check(core.PM, `${name} with interrupts on`);
    if (name === 'EX') this.readable = false;
    if (name === 'CX') this.readable = true;
    if (name === 'RE') {
      this.#check(r2 === 0x10000 && r3 === 0xd8, 'erase with a block that this flash does not have');
      this.#change(r0, r1, SECTOR, () => 0xff);
    }
    if (name === 'RP') {
      this.#check((r1 >>> 0) >= 0x20000000, 'program from memory that cannot be read now');
      this.#change(r0, r2, PAGE, (i) => this.flash[r0 + i] & this.chip.readUint8(r1 + i));
    }
    // What is not saved across a call is lost: a ROM may do so.
    if (name !== undefined) core.registers.set([0xbad0, 0xbad1, 0xbad2, 0xbad3]);
  }

  #change(offset, size, unit, cell) {
    this.#check(!this.readable, 'erase or program while flash is set up to be read');
    this.#check(offset % unit === 0 && size % unit === 0 && size > 0 && offset + size <= this.flash.length, 'misaligned erase or program');
    if (this.why !== null) return;
    const cutHere = ++this.operations === this.cut.operation;
    const random = cutHere && this.cut.torn !== undefined ? randomBytes(this.cut.torn) : () => 0;
    const done = cutHere && this.cut.bytes !== undefined ? Math.min(size, this.cut.bytes) : size;
    for (let i = 0; i < done; ++i) {
      const after = cell(i), changing = this.flash[offset + i] ^ after;
      this.flash[offset + i] = after ^ (changing & random());
    }
    if (cutHere) this.why = 'cut';
  }

  #feed() {
    const { rxFIFO } = this.chip.uart[0];
    while (this.received.length > 0 && !rxFIFO.full) this.chip.uart[0].feedByte(this.received.shift());
  }
}

// The one who connects to the socket is the serial line from then on.
async function serve(path, board) {
  const server = net.createServer();
  await new Promise((listening) => server.listen(path, listening));
  const peer = await new Promise((connected) => server.once('connection', connected));
  peer.on('data', (data) => board.received.push(...data)).on('error', () => {});
  peer.on('close', () => { board.why ??= 'hung up'; });
  let waiting = [];
  board.onText = (byte) => waiting.push(byte);
  return {
    flush: () => { if (waiting.length > 0) peer.write(Buffer.from(waiting)); waiting = []; },
    close: () => new Promise((closed) => { peer.end(); server.close(closed); }),
  };
}

async function main(args) {
  const option = (name) => { const at = args.indexOf(`--${name}`); return at < 0 ? undefined : args[at + 1]; };
  const number = (name) => (option(name) === undefined ? undefined : Number(option(name)));
  const file = args.at(-1);
  const board = new Board(fs.readFileSync(file), {
    instruction: number('cut-instruction'), operation: number('cut-operation'),
    bytes: number('cut-bytes'), torn: number('cut-torn'),
  });
  const until = option('until') ?? null, limit = number('instructions') ?? 100e6;
  if (option('serial') === undefined) {
    board.run({ until, instructions: limit });
  } else {
    const line = await serve(option('serial'), board);
    while (board.why === null && board.instructions < limit) {
      board.run({ until, instructions: Math.min(limit, board.instructions + 5000) });
      line.flush();
      await new Promise(setImmediate);
    }
    await line.close();
  }
  fs.writeFileSync(file, board.flash.subarray(0, fs.statSync(file).size));
  const { why, text, instructions, operations, broken } = board;
  console.log(JSON.stringify({ why: why ?? 'limit', text, instructions, operations, broken }));
  process.exitCode = why === 'broken' ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
