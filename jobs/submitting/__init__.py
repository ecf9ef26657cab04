"""How jobs come to be: validated, admitted, inserted, rung for."""
