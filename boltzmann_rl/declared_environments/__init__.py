"""Declarations of Gymnasium environments and their wrappers; Gymnasium is imported when one is made."""
