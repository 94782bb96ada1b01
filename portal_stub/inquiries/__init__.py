"""各種情報照会: changes of ratings, data of contracts and losses, lists of claims."""
