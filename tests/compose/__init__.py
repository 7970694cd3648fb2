"""Tests of docker-compose.yml with a real engine."""
