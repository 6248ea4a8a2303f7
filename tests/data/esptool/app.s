.section .flash.appdesc,"a"
.word 0xabcd5432, 3
.word 0,0
.ascii "1.2.3-rc1"
.zero 23
.ascii "thermostat"
.zero 22
.ascii "12:34:56"
.zero 8
.ascii "Nov 21 2026"
.zero 5
.ascii "v5.3"
.zero 28
.zero 32
.zero 80
.word 1,2,3
.section .flash.text,"ax"
.globl _start
_start: j _start
.word 0x11223344,5,6,7
.section .dram0.data,"aw"
.word 1,2,3,4,5
