"""The outbox: mails are rows first, sent later, once."""
