"""What shows only in a process of its own: what the environment does, and that other threads go on."""
import os
import subprocess
import sys

import pytest

LENGTHS = "import numpy, nsameta; lengths = numpy.zeros(1, numpy.int32);"


def run(program, **environment):
    return subprocess.run([sys.executable, "-c", program], env=os.environ | environment, capture_output=True,
                          text=True, timeout=60)


def test_an_override_that_is_no_text_is_told():
    told = run(LENGTHS + """
try:
    nsameta.fill("decode", lengths)
except nsameta.Error as error:
    print(error.status, error)
record = nsameta.explain("decode", lengths)
print(record["error"], record["override"])
""", NSAMETA_BACKEND=os.fsdecode(b"\xff"))
    assert told.returncode == 0, told.stderr
    raised, recorded = told.stdout.splitlines()
    assert raised.startswith("invalid_override") and r'override "\xff"' in raised
    assert recorded.startswith("invalid_override") and r'override "\xff"' in recorded


def test_a_path_that_is_no_text_is_told(tmp_path):
    folder = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(folder)
    for module in (b"nsameta_cuda.so", b"nsameta_hip.so"):
        open(folder + b"/" + module, "wb").close()
    told = run("import nsameta; print([each['reason'] for each in nsameta.backends()])",
               NSAMETA_PLUGIN_DIR=os.fsdecode(folder))
    assert told.returncode == 0, told.stderr
    assert r"\\xff/nsameta_cuda.so" in told.stdout


@pytest.mark.parametrize("call", ["backends()", "explain('decode', lengths)", "get_kernel_info(device='cpu')",
                                  "warmup('cpu')"])
def test_other_threads_go_on(call, tmp_path):
    """The library logs to a full pipe as it opens a module, and so waits for the thread that empties the pipe."""
    for module in ("nsameta_cuda.so", "nsameta_hip.so"):
        (tmp_path / module).touch()
    went_on = run(LENGTHS + f"""
import os, threading
reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, bytes(1))
except BlockingIOError:
    os.set_blocking(writer, True)
os.dup2(writer, 2)
calling = threading.Thread(target=lambda: nsameta.{call}, daemon=True)
calling.start()
calling.join(0.2)
print("waits" if calling.is_alive() else "done", flush=True)
os.read(reader, 1 << 20)  # all of it
calling.join()
print("over")
""", NSAMETA_PLUGIN_DIR=str(tmp_path), NSAMETA_LOG="loader")
    assert went_on.stdout.split() == ["waits", "over"], went_on


FORKED = LENGTHS + """
import multiprocessing

def use():
    lengths, rows = numpy.full(8, 40000, numpy.int32), numpy.zeros(160000, numpy.int32)
    given = dict(uniform_extend_len=20000, seqlens_expanded=rows, nsa_cache_seqlens=numpy.zeros(160000, numpy.int32))
    try:
        nsameta.fill("extend", lengths, **given)
    except nsameta.Error as error:
        print(error.status, error)
    else:
        right = (rows == numpy.tile(numpy.arange(20001, 40001), 8)).all()
        record = nsameta.explain("extend", lengths, **given)
        why = [each["why"] for each in record["rejections"] if each["candidate"] == "cpu/tbb"]
        print(right, record["variant"], why, flush=True)

use()
child = multiprocessing.get_context("fork").Process(target=use)
child.start()
child.join()
print(child.exitcode)
"""


def test_a_forked_child_goes_on_without_threads():
    told = run(FORKED, NSAMETA_BACKEND="auto")
    assert told.returncode == 0, told.stderr
    parents, childs, code = told.stdout.splitlines()
    assert parents.startswith("True auto")
    assert childs.startswith("True serial ['the process was forked after it used oneTBB")
    assert code == "0"


def test_a_forked_child_is_told_what_it_cannot_use():
    told = run(FORKED, NSAMETA_BACKEND="cpu/tbb")
    assert told.returncode == 0, told.stderr
    _, childs, code = told.stdout.splitlines()
    assert childs.startswith("backend_unavailable") and "the process was forked after it used oneTBB" in childs
    assert code == "0"
