"""Every python block of the user's page is a program that prints what it says."""
import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_block(block, capsys):
    if "import torch" in block:
        torch = pytest.importorskip("torch")
        if "cuda" in block and not torch.cuda.is_available():
            pytest.skip("no GPU")
    exec(compile(block, str(PAGE), "exec"), {})
    said = re.findall(r"# prints (.*)$", block, re.MULTILINE)
    assert said and capsys.readouterr().out.splitlines() == said
