#!/usr/bin/env python3
"""Makes the lists of this folder: instructions that name an address, as GNU as and ld encode them.

Every case is a section of its own, which ld puts at the case's address; what it names is a symbol
that a second object file sets to the case's target. Lines: name, address, target, bytes of the
instruction, and as many more that eight are there."""
import os
import random
import re
import subprocess
import sys
import tempfile

PLACES = [0x1000, 0x20100, 0x8020ff4, 0x10008104]


def arm(text, thumb, flags=""):
    mode = ".thumb\n.thumb_func" if thumb else ".arm"
    return f".syntax unified\n.cpu cortex-a9\n.fpu neon\n{mode}\n.type f{{n}}, %function\nf{{n}}:\n{text}\n"


def case(name, text, reach, unit, side=0, prefix=0):
    """reach: how far, in bytes; unit: of distances; side: -1 reaches only back, 1 only forth;
    prefix: bytes before the opcode"""
    return name, text, reach, unit, side, prefix


KINDS = {
    "thumb": ("arm-none-eabi", "", 2, lambda t: arm(t, True), [
        case("bl", "bl {t}", 1 << 24, 2),
        case("b", "b.n {t}", 1 << 11, 2),
        case("beq", "beq.n {t}", 1 << 8, 2),
        case("ble", "ble.n {t}", 1 << 8, 2),
        case("ldr", "ldr.n r5, l{n}\n.org {d}\nl{n}:", 1 << 10, 4, side=1),
        case("adr", "adr.n r5, l{n}\n.org {d}\nl{n}:", 1 << 10, 4, side=1),
    ]),
    "thumb2": ("arm-none-eabi", "", 2, lambda t: arm(t, True), [
        case("bl", "bl {t}", 1 << 24, 2),
        case("b.w", "b.w {t}", 1 << 24, 2),
        case("bne", "bne.n {t}", 1 << 8, 2),
        case("movw", "movw r3, #:lower16:{t}\nmovt r3, #:upper16:{t}", None, 1),
        case("movw-r12", "movw r12, #:lower16:{t}\nmovt r12, #:upper16:{t}", None, 1),
    ]),
    "arm": ("arm-none-eabi", "", 4, lambda t: arm(t, False), [
        case("bl", "bl {t}", 1 << 25, 4),
        case("blne", "blne {t}", 1 << 25, 4),
        case("b", "b {t}", 1 << 25, 4),
        case("bgt", "bgt {t}", 1 << 25, 4),
        case("ldr", "ldr r7, [pc, #{o}]", 1 << 12, 1),
        case("movw", "movw r3, #:lower16:{t}\nmovt r3, #:upper16:{t}", None, 1),
        case("movweq", "movweq r11, #:lower16:{t}\nmovteq r11, #:upper16:{t}", None, 1),
    ]),
    "riscv": ("riscv64-unknown-elf", "-march=rv32imafdc -mabi=ilp32", 2,
              lambda t: ".option norelax\n.option norvc\n" + t, [
        case("jal", "jal {t}", 1 << 20, 2),
        case("j", "j {t}", 1 << 20, 2),
        case("call", "call {t}", None, 2),
        case("la", "1: auipc a0, %pcrel_hi({t})\naddi a0, a0, %pcrel_lo(1b)", None, 1),
        case("lw", "1: auipc a5, %pcrel_hi({t})\nlw a0, %pcrel_lo(1b)(a5)", None, 1),
        case("sb", "1: auipc t6, %pcrel_hi({t})\nsb a0, %pcrel_lo(1b)(t6)", None, 1),
        case("fsd", "1: auipc a5, %pcrel_hi({t})\nfsd fa0, %pcrel_lo(1b)(a5)", None, 1),
        case("lui-addi", "lui a0, %hi({t})\naddi a1, a0, %lo({t})", None, 1),
        case("lui-flw", "lui a0, %hi({t})\nflw fa0, %lo({t})(a0)", None, 1),
        case("lui-lbu", "lui s11, %hi({t})\nlbu a0, %lo({t})(s11)", None, 1),
        case("lui-sw", "lui a0, %hi({t})\nsw a1, %lo({t})(a0)", None, 1),
        case("lui-jalr", "lui ra, %hi({t})\njalr ra, %lo({t})(ra)", None, 2),
    ]),
    "xtensa": ("xtensa-lx106-elf", "", 1, lambda t: f".begin no-transform\n{t}\n.end no-transform", [
        case("call0", "call0 {t}", 1 << 19, 4),
        case("l32r", "l32r a12, {t}", 1 << 18, 4, side=-1),
    ]),
    "aarch64": ("aarch64-linux-gnu", "", 4, lambda t: t, [
        case("bl", "bl {t}", 1 << 27, 4),
        case("b", "b {t}", 1 << 27, 4),
        case("adrp", "adrp x3, {t}\nnop", None, 4096),
        case("add", "adrp x3, {t}\nadd x4, x3, :lo12:{t}", None, 1),
        case("ldrb", "adrp x3, {t}\nldrb w0, [x3, :lo12:{t}]", None, 1),
        case("ldrsh", "adrp x30, {t}\nldrsh x0, [x30, :lo12:{t}]", None, 2),
        case("str", "adrp x3, {t}\nstr w0, [x3, :lo12:{t}]", None, 4),
        case("ldr", "adrp x3, {t}\nldr x0, [x3, :lo12:{t}]", None, 8),
        case("ldr-d", "adrp x3, {t}\nldr d0, [x3, :lo12:{t}]", None, 8),
        case("str-q", "adrp x3, {t}\nstr q0, [x3, :lo12:{t}]", None, 16),
    ]),
    "x86_64": ("x86_64-linux-gnu", "", 1, lambda t: t, [
        case("call", "call {t}", None, 1),
        case("jmp", "jmp {t}", None, 1),
        case("je", "je {t}", None, 1),
        case("jg", "jg {t}", None, 1),
        case("lea", "leaq {t}(%rip), %r13", None, 1, prefix=1),
        case("mov", "movl {t}(%rip), %edx", None, 1),
        case("store", "movq %rdi, {t}(%rip)", None, 1, prefix=1),
        case("add", "addl {t}(%rip), %ecx", None, 1),
        case("cmpb+1", "cmpb $5, {t}(%rip)", None, 1),
        case("cmpl+4", "cmpl $0x12345, {t}(%rip)", None, 1),
        case("movb+1", "movb $1, {t}(%rip)", None, 1),
        case("movq+4", "movq $-2, {t}(%rip)", None, 1, prefix=1),
        case("testb+1", "testb $4, {t}(%rip)", None, 1),
        case("testl+4", "testl $0x400, {t}(%rip)", None, 1),
        case("negl", "negl {t}(%rip)", None, 1),
        case("imul8+1", "imull $7, {t}(%rip), %eax", None, 1),
        case("imul32+4", "imull $0x700, {t}(%rip), %eax", None, 1),
        case("movslq", "movslq {t}(%rip), %rax", None, 1, prefix=1),
        case("movzbl", "movzbl {t}(%rip), %eax", None, 1),
        case("cmove", "cmovel {t}(%rip), %eax", None, 1),
        case("movaps", "movaps {t}(%rip), %xmm1", None, 1),
        case("movsd", "movsd {t}(%rip), %xmm1", None, 1, prefix=1),
        case("call-at", "call *{t}(%rip)", None, 1),
        case("push", "pushq {t}(%rip)", None, 1),
    ]),
}


def targets(draw, address, reach, unit, side):
    edge = (reach or 1 << 31) - 4096 if (reach or 1 << 31) > 8192 else (reach or 0) - 16
    distances = [-edge, -unit * 4, unit * 4, edge] + [draw.randint(-edge, edge) for _ in range(6)]
    for d in distances:
        to = address + (side * abs(d) if side else d)
        to = to // unit * unit
        if 0x100 <= to < 1 << 31:
            yield to


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def make(kind, folder):
    prefix_name, flags, step, frame, cases = KINDS[kind]
    draw = random.Random(kind)
    sections, symbols, links, lines = [], [], [], []
    for name, text, reach, unit, side, prefix in cases:
        for place in PLACES:
            address = place + draw.randrange(0, 64) * step
            for to in targets(draw, address, reach, unit, side):
                n = len(lines)
                local = "{d}" in text  # counts from a word: the section begins at one
                ahead = address % 4 if local else 0
                body = frame(text).replace("{n}", str(n)).replace("{t}", f"t{n}")
                body = body.replace("{o}", str(to - address - 8)).replace("{d}", str(to - address + ahead))
                if local:
                    body = ".balign 4\n" + ".byte 0, 0\n" * (ahead // 2) + body
                sections.append(f'.section .s{n}, "ax"\n{body}\n.byte 0, 0, 0, 0, 0, 0, 0\n')
                if kind.startswith("thumb") and name.startswith("b"):
                    symbols.append(f".global t{n}\n.type t{n}, %function\n.thumb_set t{n}, {to}\n")
                else:
                    function = ".type t%d, %%function\n" % n if kind == "arm" and name[0] == "b" else ""
                    symbols.append(f".global t{n}\n{function}.set t{n}, {to}\n")
                links.append(f"--section-start=.s{n}={address - ahead:#x}")
                lines.append((name, address, to, prefix, ahead))
    path = lambda name: os.path.join(folder, name)
    for name, parts in ("code", sections), ("symbols", symbols):
        with open(path(name + ".s"), "w") as file:
            file.write("".join(parts))
        run(prefix_name + "-as", *flags.split(), "-o", path(name + ".o"), path(name + ".s"))
    emulation = ["-melf32lriscv"] if kind == "riscv" else []
    run(prefix_name + "-ld", *emulation, "--no-relax", "--no-check-sections", "-e", "0", *links, "-o",
        path("linked"), path("code.o"), path("symbols.o"))
    content = {}
    for line in run(prefix_name + "-objdump", "-s", path("linked")).splitlines():
        if found := re.match(r"Contents of section \.s(\d+):", line):
            current = content[int(found[1])] = bytearray()
        elif found := re.match(r" [0-9a-f]+ ((?:[0-9a-f]+ ){1,4})", line):
            current += bytes.fromhex(found[1].replace(" ", ""))
    for n, (name, address, to, prefix, ahead) in enumerate(lines):
        yield f"{name} {address + prefix:08x} {to:08x} {content[n][ahead + prefix:][:8].hex()}"


for kind in sys.argv[1:] or KINDS:
    with tempfile.TemporaryDirectory() as folder:
        made = list(make(kind, folder))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), kind + ".txt"), "w") as out:
        out.write("\n".join(made) + "\n")
    print(kind, len(made))
