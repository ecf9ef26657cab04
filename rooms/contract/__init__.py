"""The protocol's documents, made of its types: AsyncAPI and the tables of docs/protocol.md."""
