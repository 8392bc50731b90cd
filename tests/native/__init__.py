"""Native sources against real servers, beside Airbyte's own runner."""
