"""API apprentissage (La bonne alternance): offers, companies, applications, training centres.

Contract: its OpenAPI description 2.17.0, and what its answers hold beyond it.
"""
