"""The real taps, how each is installed and configured, and what it reads from."""

from tests.clients.taps import databases, files, offline, s3, web

TAPS = {
    tap.name: tap
    for tap in (*files.TAPS, *s3.TAPS, *web.TAPS, *offline.TAPS, *databases.TAPS)
}
