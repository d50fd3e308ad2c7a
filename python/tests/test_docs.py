"""Every python block of the documents is a program that prints what it says."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = [pytest.param(page, block, id=f"{page.stem}-{number}")
          for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
          for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.M | re.S), 1)]


@pytest.mark.parametrize("page, block", BLOCKS)
def test_block(page, block, capsys):
    if "import torch" in block:
        torch = pytest.importorskip("torch")
        if "cuda" in block and not torch.cuda.is_available():
            pytest.skip("no GPU")
    exec(compile(block, str(page), "exec"), {})
    said = re.findall(r"# prints (.*)$", block, re.MULTILINE)
    assert said and capsys.readouterr().out.splitlines() == said
