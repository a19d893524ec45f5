"""The borrower's chat page: link exchange, session, WebSocket."""
