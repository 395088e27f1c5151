"""Why a pair weighs what it weighs, in words."""
