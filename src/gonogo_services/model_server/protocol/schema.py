"""Protocol buffer messages from tables of names, numbers and types, without a compiler.

The classes live in a pool of their own: a process may load generated code for the same messages beside them
(protobuf's default pool takes each name once).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

__all__ = ["File", "Messages"]

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
}
_IMPORTS: Final = (any_pb2.DESCRIPTOR, wrappers_pb2.DESCRIPTOR)


class File:
    """One file of definitions in the syntax proto3.

    A message is a mapping from field name to ``(number, type)``. A type is a scalar's name, a message's full name with
    a dot in front (``.tensorflow.TensorProto``), ``enum .full.Name``, ``repeated <type>``, ``map <type>`` (keys are
    strings) or ``oneof:<group> <type>``. A message's name may contain dots, to stand inside another one.

    Args:
        package: proto package.
        messages: by name.
        enums: by name: value name to number.
    """

    def __init__(
        self,
        package: str,
        messages: Mapping[str, Mapping[str, tuple[int, str]]],
        enums: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.package = package
        self.messages = messages
        self.enums = enums or {}

    def descriptor(self, name: str, imports: Sequence[str]) -> descriptor_pb2.FileDescriptorProto:
        """Return the file as protobuf describes files."""
        file = descriptor_pb2.FileDescriptorProto(
            name=name, package=self.package, syntax="proto3", dependency=[*(one.name for one in _IMPORTS), *imports]
        )
        for enum, values in self.enums.items():
            described = file.enum_type.add(name=enum)
            for value, number in values.items():
                described.value.add(name=value, number=number)
        for message, fields in self.messages.items():
            outer, _, inner = message.rpartition(".")
            if outer:
                parent = next(one for one in file.message_type if one.name == outer)
                self._describe(parent.nested_type.add(name=inner), message, fields)
            else:
                self._describe(file.message_type.add(name=inner), message, fields)
        return file

    def _describe(
        self, message: descriptor_pb2.DescriptorProto, path: str, fields: Mapping[str, tuple[int, str]]
    ) -> None:
        for name, (number, stated) in fields.items():
            kind = stated
            field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
            if kind.startswith("oneof:"):
                group, _, kind = kind.removeprefix("oneof:").partition(" ")
                if group not in [one.name for one in message.oneof_decl]:
                    message.oneof_decl.add(name=group)
                field.oneof_index = [one.name for one in message.oneof_decl].index(group)
            if kind.startswith("repeated "):
                field.label = _Field.LABEL_REPEATED
                kind = kind.removeprefix("repeated ")
            elif kind.startswith("map "):
                entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
                entry.options.map_entry = True
                _set_type(entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL), "string")
                _set_type(entry.field.add(name="value", number=2, label=_Field.LABEL_OPTIONAL), kind[len("map ") :])
                field.label = _Field.LABEL_REPEATED
                kind = f".{self.package}.{path}.{entry.name}"
            _set_type(field, kind)


class Messages:
    """The message classes of files that may refer to each other, by full name.

    Args:
        files: by file name, each after those that it refers to.
    """

    def __init__(self, files: Mapping[str, File]) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        for known in _IMPORTS:
            self._pool.AddSerializedFile(known.serialized_pb)
        names: list[str] = []
        for name, file in files.items():
            self._pool.AddSerializedFile(file.descriptor(name, names).SerializeToString())
            names.append(name)

    def __getitem__(self, full_name: str) -> Any:  # noqa: ANN401 - classes made at run time have no static type
        """Return the class of the message called ``full_name``."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(full_name))


def _set_type(field: descriptor_pb2.FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind.startswith("enum "):
        field.type, field.type_name = _Field.TYPE_ENUM, kind.removeprefix("enum ")
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, kind
