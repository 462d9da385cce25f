from serving import client  # noqa: F401 - a fixture
