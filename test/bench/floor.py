# The floor of the bench where there is no compiler: the words of floor.c, in Python.
import json, os, pty, sys, termios, time, tty, zlib


def now():
    return time.monotonic() * 1e3


def terminal(argv, raw=True):
    gate, opened = os.pipe()
    child, fd = pty.fork()
    if child == 0:
        os.read(gate, 1)
        os.execvp(argv[0], argv)
    if raw:
        tty.setraw(fd, termios.TCSANOW)
    termios.tcsetwinsize(fd, (40, 120)) if hasattr(termios, "tcsetwinsize") else None
    os.write(opened, b"x")
    return child, fd


def read(fd):
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


class Finder:
    def __init__(self, text):
        self.text, self.tail = text, b""

    def find(self, data):
        joined = self.tail + data
        at = joined.find(self.text)
        found = -1 if at < 0 else at - len(self.tail) + len(self.text)
        self.tail = joined[-(len(self.text) - 1):]
        return found


def run(words):
    cut = words.index("--")
    options, argv = words[:cut], words[cut + 1:]
    value = lambda name: options[options.index(name) + 1] if name in options else None
    mark, exact, go = value("--mark"), int(value("--exact") or 0), "--go" in options
    ready, begin, marked = Finder(b"<R>"), Finder(b"<B>"), Finder((mark or "").encode())
    first = mark_at = exact_at = -1.0
    total, left, check, start = 0, -1, 1, now()
    child, fd = terminal(argv, "--default" not in options)
    while data := read(fd):
        if first < 0:
            first = now() - start
        if go:
            if ready.find(data) >= 0:
                go, start = False, now()
                os.write(fd, b"g\n")
            continue
        total += len(data)
        if mark and mark_at < 0 and marked.find(data) >= 0:
            mark_at = now() - start
        if exact and exact_at < 0:
            at = 0
            if left < 0 and (at := begin.find(data)) >= 0:
                left = exact
            if left > 0 and at < len(data):
                some = data[at:at + left]
                check = zlib.adler32(some, check)
                left -= len(some)
                if left == 0:
                    exact_at = now() - start
        if "--hold" in options and (not mark or mark_at >= 0) and (not exact or exact_at >= 0):
            break
    print(json.dumps({"first": first, "mark": mark_at, "exact": exact_at, "end": now() - start, "bytes": total, "sum": check}))
    sys.stdout.flush()
    os.close(fd)
    os.waitpid(child, 0)


def echo(count, argv):
    child, fd = terminal(argv)
    ready, times = Finder(b"<R>"), []
    while ready.find(read(fd)) < 0:
        pass
    for _ in range(count):
        start = now()
        os.write(fd, b"x")
        read(fd)
        times.append(now() - start)
        time.sleep(0.0005)
    print(json.dumps(times))
    sys.stdout.flush()
    os.write(fd, b"x")
    time.sleep(0.02)
    os.close(fd)
    os.waitpid(child, 0)


def drip(rate, seconds):
    start, number, sent = now(), 0, 0
    for piece in range(1, int(seconds * 10) + 1):
        while sent < rate / 10 * piece:
            number += 1
            os.write(1, b"%010d %088d\n" % (number, 0))
            sent += 100
        time.sleep(max(0, (start + piece * 100 - now()) / 1e3))


def bits(path, least, most, ms):
    with open(path, "rb") as file:
        number = 0
        while data := file.read(least + number * 7919 % (most - least + 1)):
            os.write(1, data)
            number += 1
            time.sleep(ms / 1e3)


def main(word, *rest):
    if word == "run":
        run(list(rest))
    elif word == "echo":
        echo(int(rest[0]), list(rest[1:]))
    elif word == "drip":
        drip(float(rest[0]), float(rest[1]))
    elif word == "bits":
        bits(rest[0], int(rest[1]), int(rest[2]), float(rest[3]))
    elif word == "sum":
        with open(rest[0], "rb") as file:
            print(zlib.adler32(file.read()))


main(*sys.argv[1:])
