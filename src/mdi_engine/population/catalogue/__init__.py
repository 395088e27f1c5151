"""Invented facilities, products, payers and services."""
