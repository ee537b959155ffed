"""The API and the WebSocket as documents: OpenAPI, AsyncAPI, and a page that shows the former."""
