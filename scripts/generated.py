"""Files that a script makes: writes them, or tells which are out of date."""
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def finish(files: dict[str, str], check: bool, again: str) -> int:
    """Names are relative to the top of the tree. `again` is what to type."""
    stale = []
    for name, text in files.items():
        path = TOP / name
        if path.exists() and path.read_text() == text:
            continue
        if check:
            stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"made {name}")
    for name in stale:
        print(f"{name} is out of date: {again}", file=sys.stderr)
    return 1 if stale else 0
