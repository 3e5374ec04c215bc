"""A strict subset of the Common Expression Language: 64-bit integers, booleans, named variables.

Decides whether a text is such an expression and what it yields. Comparison, checked arithmetic, `&&`, `||`,
`!` and the ternary; no macros, calls, strings, lists, doubles, fields or comments, and at most NODES_MAX
nodes, so that it costs no more than its length. Where CEL raises (overflow, division by zero, an absent
variable) the expression abstains: `evaluate` gives None. It refuses to decide what an abstention means. SPEC
14.4
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

NODES_MAX = 256
# Parsing recurses nine calls a bracket or ternary: 24 stay far from the interpreter's own bound.
DEPTH_MAX = 24
TEXT_MAX = 2048
INT_MIN, INT_MAX = -(2**63), 2**63 - 1

_TOKEN = re.compile(r"[ \t\n\r]*(?:([0-9]+)|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||[=!<>]=|[-+*/%<>!?:()]))")
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=")
_INT, _BOOL = "int", "bool"


class ExpressionError(ValueError):
    """The text is outside the subset; `column` counts from 1."""

    def __init__(self, column: int, cause: str):
        super().__init__(f"column {column}: {cause}")
        self.column = column
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Node:
    """One step: an operator over its parts, or a leaf holding a value or a variable's name."""

    kind: str
    type: str
    parts: tuple["Node", ...] = ()
    value: int | bool | str = 0


def parse(text: str, variables: Mapping[str, str]) -> Node:
    """The checked tree of `text`. `variables`: name -> "int" or "bool". Raises ExpressionError."""
    if len(text) > TEXT_MAX:
        raise ExpressionError(TEXT_MAX, f"longer than {TEXT_MAX} characters")
    parser = _Parser(_tokens(text), variables)
    tree = parser.ternary(DEPTH_MAX)
    parser.expect("end of text")
    return tree


def evaluate(node: Node, values: Mapping[str, int | bool | None]) -> int | bool | None:
    """What the tree yields, or None where it abstains: also where it uses a variable that is None."""
    kind, parts = node.kind, node.parts
    if kind == "literal":
        return node.value  # type: ignore[return-value]
    if kind == "variable":
        return values.get(str(node.value))
    first = evaluate(parts[0], values)
    if kind in ("&&", "||"):
        # CEL absorbs an error on either side when the other side already decides.
        decisive = kind == "||"
        if first is decisive:
            return decisive
        second = evaluate(parts[1], values)
        if second is decisive:
            return decisive
        return None if first is None or second is None else not decisive
    if first is None:
        return None
    if kind == "?:":
        return evaluate(parts[1] if first else parts[2], values)
    if kind == "!":
        return not first
    if kind == "negate":
        return _bounded(-first)
    second = evaluate(parts[1], values)
    return None if second is None else _apply(kind, first, second)


def _apply(kind: str, a: int, b: int) -> int | bool | None:
    if kind in _RELATIONS:
        return (a == b, a != b, a < b, a <= b, a > b, a >= b)[_RELATIONS.index(kind)]
    if kind == "+":
        return _bounded(a + b)
    if kind == "-":
        return _bounded(a - b)
    if kind == "*":
        return _bounded(a * b)
    if b == 0 or (a == INT_MIN and b == -1):
        return None
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # toward zero, as CEL has it
    return quotient if kind == "/" else a - quotient * b


def _bounded(value: int) -> int | None:
    return value if INT_MIN <= value <= INT_MAX else None


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, column): kind is "int", "name", "end of text", or the operator itself."""
    found: list[tuple[str, str, int]] = []
    text = text.rstrip(" \t\n\r")
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            stripped = len(text) - len(text[at:].lstrip(" \t\n\r"))
            raise ExpressionError(stripped + 1, f"{text[stripped]!r} is not part of the subset")
        number, name, operator = match.groups()
        at = match.end()
        word = number or name or operator
        kind = "int" if number else "name" if name else operator
        if number and at < len(text) and (text[at].isalnum() or text[at] in "._"):
            raise ExpressionError(at + 1, "only plain decimal integers are allowed")
        found.append((kind, word, at - len(word) + 1))
    found.append(("end of text", "", len(text) + 1))
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str, int]], variables: Mapping[str, str]):
        self._tokens = tokens
        self._variables = variables
        self._at = 0
        self._nodes = 0

    def _column(self) -> int:
        return self._tokens[self._at][2]

    def _take(self, *kinds: str) -> str | None:
        kind, word, _ = self._tokens[self._at]
        if kind not in kinds:
            return None
        self._at += 1
        return word or kind

    def expect(self, kind: str) -> None:
        if self._take(kind) is None:
            found = self._tokens[self._at]
            raise ExpressionError(found[2], f"expected {kind}, found {found[1] or found[0]}")

    def _node(self, column: int, kind: str, type_: str, *parts: Node, value: int | bool | str = 0) -> Node:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise ExpressionError(column, f"more than {NODES_MAX} nodes")
        return Node(kind, type_, parts, value)

    def _typed(self, column: int, node: Node, type_: str, operator: str) -> None:
        if node.type != type_:
            raise ExpressionError(column, f"{operator} takes {type_}, found {node.type}")

    def ternary(self, depth: int) -> Node:
        if depth < 0:
            raise ExpressionError(self._column(), f"nested deeper than {DEPTH_MAX}")
        test = self._logical(depth, "||")
        column = self._column()
        if self._take("?") is None:
            return test
        self._typed(column, test, _BOOL, "?")
        yes = self._logical(depth, "||")
        self.expect(":")
        no = self.ternary(depth - 1)
        self._typed(column, no, yes.type, "the second branch")
        return self._node(column, "?:", yes.type, test, yes, no)

    def _logical(self, depth: int, operator: str) -> Node:
        left = self._logical(depth, "&&") if operator == "||" else self._relation(depth)
        while True:
            column = self._column()
            if self._take(operator) is None:
                return left
            right = self._logical(depth, "&&") if operator == "||" else self._relation(depth)
            self._typed(column, left, _BOOL, operator)
            self._typed(column, right, _BOOL, operator)
            left = self._node(column, operator, _BOOL, left, right)

    def _relation(self, depth: int) -> Node:
        left = self._sum(depth)
        while True:
            column = self._column()
            operator = self._take(*_RELATIONS)
            if operator is None:
                return left
            right = self._sum(depth)
            self._typed(column, left, right.type if operator in ("==", "!=") else _INT, operator)
            self._typed(column, right, left.type, operator)
            left = self._node(column, operator, _BOOL, left, right)

    def _sum(self, depth: int) -> Node:
        return self._arithmetic(("+", "-"), self._product, depth)

    def _product(self, depth: int) -> Node:
        return self._arithmetic(("*", "/", "%"), self._unary, depth)

    def _arithmetic(self, operators: tuple[str, ...], operand: Callable[[int], Node], depth: int) -> Node:
        left = operand(depth)
        while True:
            column = self._column()
            operator = self._take(*operators)
            if operator is None:
                return left
            right = operand(depth)
            self._typed(column, left, _INT, operator)
            self._typed(column, right, _INT, operator)
            left = self._node(column, operator, _INT, left, right)

    def _unary(self, depth: int) -> Node:
        column = self._column()
        if self._take("!") is not None:
            negations = 1
            while self._take("!") is not None:
                negations += 1
            inner = self._primary(depth, sign=1)
            self._typed(column, inner, _BOOL, "!")
            for _ in range(negations):
                inner = self._node(column, "!", _BOOL, inner)
            return inner
        if self._take("-") is None:
            return self._primary(depth, sign=1)
        if self._tokens[self._at][0] == "int":
            return self._primary(depth, sign=-1)
        inner = self._primary(depth, sign=1)
        self._typed(column, inner, _INT, "-")
        return self._node(column, "negate", _INT, inner)

    def _primary(self, depth: int, sign: int) -> Node:
        kind, word, column = self._tokens[self._at]
        self._at += kind != "end of text"
        if kind == "int":
            value = sign * int(word)
            if not INT_MIN <= value <= INT_MAX or (len(word) > 1 and word[0] == "0"):
                raise ExpressionError(column, "expected a 64-bit integer without leading zeros")
            return self._node(column, "literal", _INT, value=value)
        if kind == "name" and word in ("true", "false"):
            return self._node(column, "literal", _BOOL, value=word == "true")
        if kind == "name" and word in self._variables:
            return self._node(column, "variable", self._variables[word], value=word)
        if kind == "name":
            listed = ", ".join(sorted(self._variables))
            raise ExpressionError(column, f"unknown name {word}; the variables are {listed}")
        if kind == "(":
            inner = self.ternary(depth - 1)
            self.expect(")")
            return inner
        raise ExpressionError(column, f"expected a value, found {word or kind}")
