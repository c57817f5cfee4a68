"""References to secrets: where a value is kept, never the value itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`{env: NAME}`, `{file: /path}`, `{vault: path#key}` or `{kubernetes: {secret, key}}`.

    `normal` is the one form that is compared: the name or path, and `secret/key` of `kubernetes`. `written` is what
    the file says; gateways get it.
    """

    kind: str
    normal: str
    written: str = field(compare=False)

    @classmethod
    def of(cls, value: Mapping[str, object]) -> "Reference":
        """The reference that a mapping of the form that the schema allows means."""
        ((kind, target),) = value.items()
        written = f"{target['secret']}/{target['key']}" if isinstance(target, Mapping) else str(target)
        return cls(kind=kind, normal=written, written=written)

    def __str__(self) -> str:
        """`kind:name`, as policies and guards name a reference."""
        return f"{self.kind}:{self.normal}"

    @property
    def json(self) -> Mapping[str, object]:
        """As files and outputs spell it."""
        if self.kind != "kubernetes":
            return {self.kind: self.written}
        secret, _, key = self.written.partition("/")
        return {"kubernetes": {"secret": secret, "key": key}}
