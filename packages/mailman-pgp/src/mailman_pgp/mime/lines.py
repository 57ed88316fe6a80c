"""Line ends and line lengths of MIME text, without copying where nothing needs to change."""

# RFC 5322 §2.1.1: a line holds at most 998 characters, CRLF not counted.
MAX_LINE_BYTES = 998

_CR = 0x0D


def canonical(data: bytes) -> bytes:
    """The same text with each line end as CRLF (RFC 3156 §5); lone CRs stay as they are."""
    breaks = data.count(b"\n")
    if breaks == data.count(b"\r\n"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def is_tidy(data: bytes, start: int, end: int) -> bool:
    """Whether data[start:end] ends every line with CRLF and holds no lone CR, no NUL and no long line."""
    pairs = data.count(b"\r\n", start, end)
    if data.count(b"\n", start, end) != pairs or data.count(b"\r", start, end) != pairs:
        return False
    return data.find(b"\0", start, end) < 0 and not has_long_line(data, start, end)


def has_long_line(data: bytes, start: int, end: int) -> bool:
    """Whether a line of data[start:end] is longer than MAX_LINE_BYTES; looks at few bytes of each thousand."""
    position = start
    while end - position > MAX_LINE_BYTES:
        # The furthest line end that still closes a line short enough, its CR included.
        line_feed = data.rfind(b"\n", position, position + MAX_LINE_BYTES + 2)
        if line_feed < 0:
            return True
        if line_feed - position > MAX_LINE_BYTES and data[line_feed - 1] != _CR:
            return True
        position = line_feed + 1
    return False
