"""The API and the WebSocket as documents: OpenAPI and AsyncAPI."""
