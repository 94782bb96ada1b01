"""What the pipeline tells the portal: a read model that can be rebuilt from zero."""
